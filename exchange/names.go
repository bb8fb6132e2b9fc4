package exchange

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/norm"
)

// A names holds the names of the parts of one pli, to refuse two that some system would take for the same file, or for a file and
// a folder. It keeps digests of the compatibility caseless keys, which can be eleven times as long as the names.
type names struct {
	files, folders map[nameKey]bool
}

type nameKey [16]byte

func keyOf(caseless string) nameKey {
	sum := sha256.Sum256([]byte(caseless))
	return nameKey(sum[:16])
}

func newNames() *names { return &names{make(map[nameKey]bool), make(map[nameKey]bool)} }

// add checks one name by itself and beside those before it. Errors do not repeat the name: it may be made to deceive.
func (n *names) add(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	caseless := norm.Caseless(name)
	key := keyOf(caseless)
	if n.files[key] {
		return fmt.Errorf("the same name as another part, up to case, width or accents")
	}
	if n.folders[key] {
		return fmt.Errorf("a file where another part has a folder")
	}
	for i := range len(caseless) {
		if caseless[i] == '/' {
			folder := keyOf(caseless[:i])
			if n.files[folder] {
				return fmt.Errorf("a folder where another part has a file")
			}
			n.folders[folder] = true
		}
	}
	n.files[key] = true
	return nil
}

// NormalName returns a name in Unicode form NFC, which names of parts must have: some systems give theirs in another.
func NormalName(name string) string { return norm.NFC(name) }

// CheckName reports whether every system can hold a part of that name, and returns ErrName and what is wrong otherwise.
func CheckName(name string) error {
	if err := checkName(name); err != nil {
		return refuse(ErrName, "%w", err)
	}
	return nil
}

func checkName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("empty")
	case len(name) > limits.PliName:
		return fmt.Errorf("more than %d octets", limits.PliName)
	case !utf8.ValidString(name):
		return fmt.Errorf("not UTF-8")
	case !norm.IsNFC(name):
		return fmt.Errorf("not in Unicode form NFC")
	case strings.Count(name, "/") >= limits.PliElements:
		return fmt.Errorf("more than %d elements", limits.PliElements)
	}
	for _, c := range name {
		if hidden(c) {
			return fmt.Errorf("holds U+%04X, which does not show or turns the writing", c)
		}
		if strings.ContainsRune(`\:*?"<>|`, c) {
			return fmt.Errorf("holds %q, which not every system allows", c)
		}
	}
	for element := range strings.SplitSeq(name, "/") {
		if err := checkElement(element); err != nil {
			return err
		}
	}
	return nil
}

func checkElement(e string) error {
	switch {
	case e == "":
		return fmt.Errorf("absolute, or with an empty element")
	case len(e) > limits.PliElement:
		return fmt.Errorf("an element of more than %d octets", limits.PliElement)
	case e[0] == '-':
		return fmt.Errorf("an element begins with a hyphen, which a command takes for an option")
	case strings.HasSuffix(e, " ") || strings.HasSuffix(e, "."):
		return fmt.Errorf("an element ends with a space or a dot, which some systems drop")
	}
	// Windows takes "con", "Con.txt", "con .txt" and the superscript "com¹" for devices.
	stem, _, _ := strings.Cut(norm.Caseless(e), ".")
	if slices.Contains(devices, strings.TrimRight(stem, " ")) {
		return fmt.Errorf("the name of a device on some systems")
	}
	return nil
}

var devices = strings.Fields(`con prn aux nul conin$ conout$ clock$
	com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9`)

// hidden reports the code points that are refused in names: controls, those that change the direction of writing, those without
// width, separators of lines and paragraphs, tags, noncharacters. They are listed, rather than taken from a Unicode category, so
// that every implementation of every age refuses the same.
func hidden(c rune) bool {
	switch {
	case c < 0x20, 0x7F <= c && c < 0xA0, // C0, DEL, C1
		c == 0xAD, c == 0x34F, c == 0x61C, c == 0x115F, c == 0x1160, c == 0x17B4, c == 0x17B5, 0x180B <= c && c <= 0x180F,
		0x200B <= c && c <= 0x200F, 0x2028 <= c && c <= 0x202E, 0x2060 <= c && c <= 0x206F,
		c == 0x3164, 0xFE00 <= c && c <= 0xFE0F, c == 0xFEFF, c == 0xFFA0, 0xFFF0 <= c && c <= 0xFFFD,
		0xE000 <= c && c <= 0xF8FF, c >= 0xE0000, // private use; tags, variation selectors, private planes
		0xFDD0 <= c && c <= 0xFDEF, c&0xFFFE == 0xFFFE: // noncharacters
		return true
	}
	return false
}
