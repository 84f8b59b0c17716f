"""What came of the cards: counted from the store, told so that no figure speaks of a few patients."""
