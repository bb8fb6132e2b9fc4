package der

// InternOID returns the OID with these content octets. The identifiers that fill certificates and signatures come from a
// table, without an allocation; the octets of any other are copied. It does not check them: see [OID.Valid].
func InternOID(content []byte) OID {
	if o, ok := frequent[string(content)]; ok {
		return o
	}
	return OID(content)
}

// frequent holds the identifiers of nearly every certificate. It only saves allocations: absence has no meaning.
var frequent = func() map[string]OID {
	table := make(map[string]OID)
	for _, dotted := range []string{
		// Attributes of names, X.520 and PKCS #9.
		"2.5.4.3", "2.5.4.4", "2.5.4.5", "2.5.4.6", "2.5.4.7", "2.5.4.8", "2.5.4.9", "2.5.4.10", "2.5.4.11", "2.5.4.12",
		"2.5.4.17", "2.5.4.42", "2.5.4.97", "1.2.840.113549.1.9.1", "0.9.2342.19200300.100.1.25",
		// Extensions, access methods, purposes: RFC 5280 §4.2, RFC 3739.
		"2.5.29.14", "2.5.29.15", "2.5.29.16", "2.5.29.17", "2.5.29.18", "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.32",
		"2.5.29.32.0", "2.5.29.35", "2.5.29.36", "2.5.29.37", "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.3",
		"1.3.6.1.5.5.7.2.1", "1.3.6.1.5.5.7.2.2", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.3",
		"1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9", "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2",
		// Algorithms.
		"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.11",
		"1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13", "1.2.840.10045.2.1", "1.2.840.10045.3.1.7", "1.3.132.0.34",
		"1.3.132.0.35", "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4", "1.3.101.112", "1.3.14.3.2.26",
		"2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3",
		// Content types and attributes of CMS.
		"1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4",
		"1.2.840.113549.1.9.5", "1.2.840.113549.1.9.16.1.4", "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.14",
		"1.2.840.113549.1.9.16.2.47",
	} {
		o := MustOID(dotted)
		table[string(o)] = o
	}
	return table
}()
