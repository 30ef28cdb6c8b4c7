"""What a patient record in FHIR R4 says, taken over as the words of a form."""
