"""The REST door: parse, authorise, call one domain verb, present. Errors leave as RFC 9457 problems."""
