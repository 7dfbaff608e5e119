"""The model families: a class per family owns all that the suite has to know of it. Only other models import it."""
