"""The register of sources: one file a court system or publication; the folder's listing is the register."""
