"""From a checked request to a queued job: used by API and by batch expansion alike."""
