package limits

// Bounds of internal/pdf and signature/pades.
const (
	// PDFHeader is where the header must begin at the latest (ISO 32000-2 annex, implementation note on §7.5.2).
	PDFHeader = 1024
	// PDFTail is how far from its end a file says where its last cross-reference section is.
	PDFTail = 1024
	// PDFDepth is how deep arrays and dictionaries of one object may nest. Trees go through references and do not count.
	PDFDepth = 100
	// PDFElements is how many values one object may hold, all levels together.
	PDFElements = 1 << 20
	// PDFObject is the longest object, stream data excluded, in octets of source.
	PDFObject = 32 << 20
	// PDFParsed is how many octets one file may make us parse, objects read several times included, on top of
	// PDFParsedRatio times its own size. Without it a file of a megabyte could ask for hours.
	PDFParsed      = 64 << 20
	PDFParsedRatio = 16
	// PDFNumber is the highest object number: that of ISO 32000-1 annex C.
	PDFNumber = 8_388_607
	// PDFReferences is how many references in a row (an object that is a reference to an object that…) are followed.
	PDFReferences = 16
	// PDFSections is how many cross-reference sections one file may have. 51 signatures with their validation data take 153.
	PDFSections = 1024
	// PDFRuns is how many subsections all cross-reference sections may have together.
	PDFRuns = 1 << 18
	// PDFCrossReference is how long all cross-reference streams may be once inflated. They are inflated as far as they are read.
	PDFCrossReference = 64 << 20
	// PDFProbes is how many times one file may make us look for an object in a cross-reference section: 300,000 objects in 51
	// revisions of three sections take 46 million, a second.
	PDFProbes = 256 << 20
	// PDFObjectStream is the longest object stream once inflated.
	PDFObjectStream = 64 << 20
	// PDFObjectStreamObjects is how many objects one object stream may hold. Producers write 100 or 200.
	PDFObjectStreamObjects = 1 << 17
	// PDFCache is how many octets of inflated object streams are kept at a time.
	PDFCache = 32 << 20
	// PDFInflated is how many octets of streams one file may make us inflate, those forgotten and inflated again included, on
	// top of PDFInflatedRatio times its own size.
	PDFInflated      = 256 << 20
	PDFInflatedRatio = 16

	// PDFPages is how deep the page tree may be on the way to the first page.
	PDFPages = 64
	// PDFFields is how many form fields one revision may have, and PDFFieldDepth how deep their tree may be.
	PDFFields     = 1 << 16
	PDFFieldDepth = 64
	// PDFSignatures is how many signatures and document timestamps are read from one file.
	PDFSignatures = 1024
	// PDFSignatureValues is how many values a signature dictionary and its field may hold, /Contents apart.
	PDFSignatureValues = 1 << 16
	// PDFContents is the longest /Contents of a signature once decoded. Tokens with whole revocation lists reach megabytes.
	PDFContents = 16 << 20
	// PDFTouched is how many objects the revisions after a signature may list, all together, and how many they may designate.
	PDFTouched = 1 << 20
	// PDFStoreCertificates is how many certificates of a document security store are read, and PDFStoreCertificate the
	// longest.
	PDFStoreCertificates = 1024
	PDFStoreCertificate  = 64 << 10
	// PDFModifications is how many forbidden changes are listed for one revision; the last then says that there are more.
	PDFModifications = 64
	// PDFListed is how many object numbers are listed for one revision.
	PDFListed = 1024
	// PDFMetadata is the longest XMP packet compared, and PDFNote the longest note on the program that saved a document.
	PDFMetadata = 4 << 20
	PDFNote     = 1024
	// PDFCompared is how many octets of streams of one file are compared between revisions, on top of four times its size.
	PDFCompared = 64 << 20
	// PDFChanged is how many values the objects that one revision changes may hold, all together: each takes 50 octets.
	PDFChanged = 1 << 21
)
