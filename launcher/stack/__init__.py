"""The stack file: models, loading, rules, schema. The only package that imports pydantic."""
