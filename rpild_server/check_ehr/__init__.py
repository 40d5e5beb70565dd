"""`rpild check-ehr`: what the plug-in would find at an EHR, before anything is registered there."""
