"""From counted reps to messages."""
