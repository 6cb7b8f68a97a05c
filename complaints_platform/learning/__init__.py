"""What the platform learns from people: labels, corrections, the review queue, the model that serves, and drift."""
