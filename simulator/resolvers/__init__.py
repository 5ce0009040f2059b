"""How each field of the schema gets its value: `FIELDS[type name][field name](source, context, arguments)`."""
