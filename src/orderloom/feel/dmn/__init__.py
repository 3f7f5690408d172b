"""Decision models in XML (DMN 1.1 to 1.5): read, checked, decided, and written again."""
