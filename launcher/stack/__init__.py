"""The stack file: models, loading, rules, schema. What is valid is msgspec's to say."""
