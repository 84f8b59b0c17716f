"""The FHIR resource types that are stepped over.

All names of DSTU2 to R5 that we do not read. They are listed so that one pass over a request can
tell "not ours" from "not FHIR" by the resource's tag; a type that is missing here is also stepped
over, only more slowly.
"""

_NAMES = """
    Account ActivityDefinition ActorDefinition AdministrableProductDefinition AdverseEvent Appointment
    AppointmentResponse ArtifactAssessment AuditEvent Basic Binary BiologicallyDerivedProduct
    BiologicallyDerivedProductDispense BodySite BodyStructure CapabilityStatement CarePlan CareTeam
    CatalogEntry ChargeItem ChargeItemDefinition Citation Claim ClaimResponse ClinicalImpression
    ClinicalUseDefinition CodeSystem Communication CommunicationRequest CompartmentDefinition Composition
    ConceptMap ConditionDefinition Conformance Consent Contract Coverage CoverageEligibilityRequest
    CoverageEligibilityResponse DataElement DetectedIssue Device DeviceAssociation DeviceComponent
    DeviceDefinition DeviceDispense DeviceMetric DeviceRequest DeviceUsage DeviceUseRequest
    DeviceUseStatement DiagnosticOrder DocumentManifest DocumentReference EligibilityRequest
    EligibilityResponse EncounterHistory Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare
    EventDefinition Evidence EvidenceReport EvidenceVariable ExampleScenario ExpansionProfile
    ExplanationOfBenefit FamilyMemberHistory Flag FormularyItem GenomicStudy Goal GraphDefinition Group
    GuidanceResponse HealthcareService ImagingManifest ImagingObjectSelection ImagingSelection
    Immunization ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide Ingredient
    InsurancePlan InventoryItem InventoryReport Invoice Library Linkage List Location
    ManufacturedItemDefinition Measure MeasureReport Media MedicationAdministration MedicationKnowledge
    MedicationOrder MedicinalProductDefinition MessageDefinition MessageHeader MolecularSequence
    NamingSystem NutritionIntake NutritionOrder NutritionProduct ObservationDefinition OperationDefinition
    Order OrderResponse Organization OrganizationAffiliation PackagedProductDefinition Parameters
    PaymentNotice PaymentReconciliation Permission Person PlanDefinition Practitioner PractitionerRole
    ProcedureRequest ProcessRequest ProcessResponse Provenance Questionnaire QuestionnaireResponse
    ReferralRequest RegulatedAuthorization RelatedPerson RequestGroup RequestOrchestration Requirements
    ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment Schedule
    SearchParameter Sequence ServiceDefinition Slot Specimen SpecimenDefinition StructureDefinition
    StructureMap Subscription SubscriptionStatus SubscriptionTopic Substance SubstanceDefinition
    SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation
    SubstanceSourceMaterial SupplyDelivery SupplyRequest Task TerminologyCapabilities TestPlan TestReport
    TestScript Transport ValueSet VerificationResult VisionPrescription
"""
STEPPED_OVER = tuple(_NAMES.split())
