package pkix

// An Anomaly is something that lenient reading tolerated: the object departs from its standard, and was read all the same.
type Anomaly struct {
	Code    string // one of the constants below
	Path    string // of the field, in the words of the ASN.1 module: "tbsCertificate.serialNumber"
	Offset  int    // in octets from the start of the object, or of its DER form if it has the anomaly CodeBER
	Message string // a sentence without final point, with the clause
}

// The codes of anomalies.
const (
	CodeBER               = "ber"                // BER that is not DER: lengths, indefinite lengths, constructed strings
	CodeTrailing          = "trailing-data"      // octets after the last field
	CodeVersion           = "version"            // a version that does not fit the fields, or is not 1 to 3
	CodeSerialNegative    = "serial-negative"    // RFC 5280 §4.1.2.2
	CodeSerialZero        = "serial-zero"        // RFC 5280 §4.1.2.2
	CodeSerialLong        = "serial-long"        // more than 20 octets, RFC 5280 §4.1.2.2
	CodeInteger           = "integer"            // an INTEGER that is empty or not minimal
	CodeBoolean           = "boolean"            // a BOOLEAN neither 00 nor FF, or a DEFAULT FALSE that is written
	CodeBitString         = "bit-string"         // unused bits where whole octets are needed, or a padded named bit list
	CodeAlgorithm         = "algorithm"          // parameters that are missing, or too many
	CodeAlgorithmMismatch = "algorithm-mismatch" // signature differs from signatureAlgorithm, RFC 5280 §4.1.1.2
	CodeTime              = "time"               // a time in a form that RFC 5280 §4.1.2.5 excludes, or unreadable
	CodeName              = "name"               // a name with an unreadable, empty or out of order part
	CodeKey               = "key"                // a public key that is malformed or encoded outside its RFC
	CodeDuplicate         = "duplicate"          // an extension that comes twice, RFC 5280 §4.2
	CodeExtension         = "extension"          // an extension that cannot be read
	CodeMore              = "more"               // there are more anomalies than are kept
)
