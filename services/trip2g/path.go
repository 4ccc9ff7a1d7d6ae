package trip2g

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NormalizePath returns a path of a vault as servers keep it and clients compare it: in Unicode's NFC. A
// folder of another machine may give the same name in another form.
func NormalizePath(p string) string { return norm.NFC.String(p) }

// FoldPath returns what paths have in common that some file systems cannot keep apart: it is the same for
// names that differ only in letter case or in Unicode form.
func FoldPath(p string) string { return cases.Fold().String(norm.NFC.String(p)) }
