package limits

const (
	// PKCS12 bounds, in octets, a file of a key and its certificates.
	PKCS12 = 1 << 20
	// PKCS12Iterations is how often a password is hashed at most. OpenSSL writes 2,048, careful people 600,000.
	PKCS12Iterations = 2_000_000
)
