package limits

// PKCS12 bounds, in octets, a file of a key and its certificates.
const PKCS12 = 1 << 20
