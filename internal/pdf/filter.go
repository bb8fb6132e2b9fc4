package pdf

import (
	"bufio"
	"compress/flate"
	"io"
)

// decoder returns a reader of a stream's decoded data. Structure (cross-reference and object streams) is only ever
// FlateDecode, with or without a PNG predictor, or plain: another filter is ErrUnsupported.
func (f *File) decoder(d Dict, start, length int64) (io.Reader, error) {
	raw := io.NewSectionReader(f.source.r, start, length)
	filter, parms := d.Get("Filter"), d.Get("DecodeParms")
	if list, ok := filter.(Array); ok {
		switch len(list) {
		case 0:
			filter = nil
		case 1:
			filter = list[0]
		default:
			return nil, unsupported(start, "a cross-reference or object stream with %d filters", len(list))
		}
	}
	if list, ok := parms.(Array); ok {
		parms = nil
		if len(list) == 1 {
			parms = list[0]
		}
	}
	switch filter {
	case nil:
		return raw, nil
	case Name("FlateDecode"), Name("Fl"):
	default:
		return nil, unsupported(start, "a cross-reference or object stream with filter %v", filter)
	}
	inflated, err := inflate(bufio.NewReaderSize(raw, 4096), start)
	if err != nil {
		return nil, err
	}
	switch parms := parms.(type) {
	case nil:
		return inflated, nil
	case Dict:
		return predictor(inflated, parms, start)
	}
	return nil, unsupported(start, "/DecodeParms that is neither a dictionary nor null")
}

// inflate passes the zlib header (RFC 1950 §2.2). The checksum at the end is not looked at: producers cut it off.
func inflate(r io.Reader, start int64) (io.Reader, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, damaged(start, "a FlateDecode stream without its header")
	}
	if head[0]&0x0f != 8 || (int(head[0])<<8|int(head[1]))%31 != 0 || head[1]&0x20 != 0 {
		return nil, damaged(start, "not a FlateDecode stream")
	}
	return flate.NewReader(r), nil
}

// predictor undoes a PNG prediction (§7.4.4.4, RFC 2083 §6).
func predictor(r io.Reader, parms Dict, start int64) (io.Reader, error) {
	if key, twice := parms.duplicate(); twice {
		return nil, damaged(start, "/DecodeParms with two /%s", key)
	}
	get := func(key Name, standard Integer) Integer {
		if v, ok := parms.Get(key).(Integer); ok {
			return v
		}
		return standard
	}
	kind, colors, bits, columns := get("Predictor", 1), get("Colors", 1), get("BitsPerComponent", 8), get("Columns", 1)
	switch {
	case kind == 1:
		return r, nil
	case kind < 10 || kind > 15:
		return nil, unsupported(start, "predictor %d", kind)
	case colors < 1 || colors > 32 || bits < 1 || bits > 16 || columns < 1 || columns > 1<<16:
		return nil, damaged(start, "/DecodeParms of %d columns of %d components of %d bits", columns, colors, bits)
	}
	width := int((colors*bits*columns + 7) / 8)
	return &pngReader{
		r:     bufio.NewReaderSize(r, 16<<10),
		line:  make([]byte, 1+width),
		prior: make([]byte, width),
		step:  int(max(1, colors*bits/8)),
		start: start,
	}, nil
}

// A pngReader undoes PNG filters row by row.
type pngReader struct {
	r     *bufio.Reader
	line  []byte // the filter of a row, and the row
	prior []byte // the row before, decoded
	rest  []byte // of prior, not yet given out
	step  int    // octets of one pixel
	start int64
}

func (p *pngReader) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if len(p.rest) == 0 {
			if err := p.next(); err != nil {
				if n > 0 {
					return n, nil // the error comes again
				}
				return 0, err
			}
		}
		copied := copy(b[n:], p.rest)
		n += copied
		p.rest = p.rest[copied:]
	}
	return n, nil
}

// next decodes one row. A last row that is cut short ends with what there is.
func (p *pngReader) next() error {
	n, err := io.ReadFull(p.r, p.line)
	switch {
	case n <= 1 && err != nil:
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		return err
	case err == io.ErrUnexpectedEOF:
		clear(p.line[n:])
	case err != nil:
		return err
	}
	row, prior, step := p.line[1:], p.prior, p.step
	switch p.line[0] {
	case 0:
	case 1:
		for i := step; i < len(row); i++ {
			row[i] += row[i-step]
		}
	case 2:
		for i := range row {
			row[i] += prior[i]
		}
	case 3:
		for i := range row {
			left := 0
			if i >= step {
				left = int(row[i-step])
			}
			row[i] += byte((left + int(prior[i])) / 2)
		}
	case 4:
		for i := range row {
			var left, corner int
			if i >= step {
				left, corner = int(row[i-step]), int(prior[i-step])
			}
			row[i] += paeth(left, int(prior[i]), corner)
		}
	default:
		return damaged(p.start, "PNG filter %d", p.line[0])
	}
	copy(prior, row)
	p.rest = prior[:n-1]
	return nil
}

func paeth(left, up, corner int) byte {
	estimate := left + up - corner
	dLeft, dUp, dCorner := abs(estimate-left), abs(estimate-up), abs(estimate-corner)
	switch {
	case dLeft <= dUp && dLeft <= dCorner:
		return byte(left)
	case dUp <= dCorner:
		return byte(up)
	}
	return byte(corner)
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}
