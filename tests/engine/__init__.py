"""The one PowerShell script of the collection in the real engine, beside the embedded interpreter of its operations."""
