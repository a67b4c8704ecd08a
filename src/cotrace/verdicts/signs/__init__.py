"""Signs of inauthenticity, one a file. Each counts who shows it; none says what it means."""
