package pdf

// hex reads <48656c6c6f> (§7.3.4.3).
func (p *parser) hex() (Object, error) {
	start := p.pos
	i := p.pos + 1
	for i < len(p.b) && p.b[i] != '>' {
		i++
	}
	if i >= len(p.b) {
		return nil, p.end()
	}
	out := make([]byte, 0, (i-start)/2)
	half, loose := -1, false
	for _, c := range p.b[start+1 : i] {
		v := hexDigit(c)
		switch {
		case v < 0 && class[c] == space:
			loose = true
		case v < 0:
			return nil, p.fail("%q in a hexadecimal string", c)
		case half < 0:
			half = v
		default:
			out = append(out, byte(half<<4|v))
			half = -1
		}
	}
	if half >= 0 {
		out, loose = append(out, byte(half<<4)), true
	}
	p.pos = i + 1
	s := p.string(out, true, start)
	s.Loose = loose
	return s, nil
}

func (p *parser) string(value []byte, hex bool, start int) String {
	if p.base < 0 {
		return String{Value: value, Hex: hex, Start: -1, End: -1}
	}
	return String{Value: value, Hex: hex, Start: p.base + int64(start), End: p.offset()}
}

// literal reads (Hello) (§7.3.4.2).
func (p *parser) literal() (Object, error) {
	start := p.pos
	var out []byte
	open := 1
	for i := p.pos + 1; i < len(p.b); i++ {
		switch c := p.b[i]; c {
		case '(':
			open++
			out = append(out, c)
		case ')':
			if open--; open == 0 {
				p.pos = i + 1
				return p.string(out, false, start), nil
			}
			out = append(out, c)
		case '\r': // an end of line of any form counts as one line feed
			if i+1 < len(p.b) && p.b[i+1] == '\n' {
				i++
			}
			out = append(out, '\n')
		case '\\':
			if i+1 >= len(p.b) {
				return nil, p.end()
			}
			i++
			out, i = escape(out, p.b, i)
		default:
			out = append(out, c)
		}
	}
	return nil, p.end()
}

// escape appends what the escape sequence at b[i] stands for and returns its last index.
func escape(out, b []byte, i int) ([]byte, int) {
	switch c := b[i]; c {
	case 'n':
		return append(out, '\n'), i
	case 'r':
		return append(out, '\r'), i
	case 't':
		return append(out, '\t'), i
	case 'b':
		return append(out, '\b'), i
	case 'f':
		return append(out, '\f'), i
	case '\n':
		return out, i
	case '\r':
		if i+1 < len(b) && b[i+1] == '\n' {
			i++
		}
		return out, i
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v := int(c - '0')
		for n := 1; n < 3 && i+1 < len(b) && b[i+1] >= '0' && b[i+1] <= '7'; n++ {
			i++
			v = v<<3 | int(b[i]-'0')
		}
		return append(out, byte(v)), i
	default:
		return append(out, c), i
	}
}
