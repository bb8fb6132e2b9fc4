package limits

// Bounds of signature/report: what one report shows, whatever the facts hold. What is left out is counted in the report.
const (
	// ReportSignatures is how many signatures are described. The verdict on the file still counts them all.
	ReportSignatures = 500
	// ReportTimestamps is how many timestamps are described, those of signatures included.
	ReportTimestamps = 1000
	// ReportCertificates is how many certificates are described.
	ReportCertificates = 500
	// ReportRevocations is how many CRLs and OCSP responses are described.
	ReportRevocations = 500
	// ReportStatuses is of how many certificates a report tells the revocation status.
	ReportStatuses = 64
	// ReportRevisions is how many revisions of a PDF are described.
	ReportRevisions = 200
	// ReportChecks is how many checks are listed of one signature or timestamp.
	ReportChecks = 400
	// ReportAllChecks is how many are listed in a whole report.
	ReportAllChecks = 10_000
	// ReportFindings is how many of the checks that did not hold are listed of one signature or timestamp.
	ReportFindings = 50
	// ReportModifications is how many forbidden changes of a PDF are listed of one signature.
	ReportModifications = 50
	// ReportChain is how many certificates of one chain are listed.
	ReportChain = PathLength
	// ReportPictures is how many signatures of a page have their picture, and ReportLanes how many timestamps, and how many
	// certificates, one picture shows.
	ReportPictures = 50
	ReportLanes    = 8
	// ReportTextSignatures is how many signatures, and how many timestamps of none, the text shows unless details are asked.
	ReportTextSignatures = 20
	// ReportName is the longest name shown, in characters, and ReportMessage the longest sentence.
	ReportName    = 160
	ReportMessage = 500
	// ReportRead is how many octets of a string are looked at to shorten it.
	ReportRead = 4096
	// ReportValue is the longest signature value, digest or attribute written into an ETSI report, in octets.
	ReportValue = 16 << 10
	// ReportReferences is how many references to certificates of one signature are written into an ETSI report.
	ReportReferences = 64
	// ReportLinks is how many times an ETSI report says that a timestamp proves a signature.
	ReportLinks = 10_000
	// ReportRaw is how many octets of certificates a detailed ETSI report holds.
	ReportRaw = 8 << 20
)
