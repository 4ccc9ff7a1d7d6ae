package trip2g

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NormalizePath returns a vault path in Unicode NFC, as servers store and clients compare it. File
// systems of other machines can return another form.
func NormalizePath(p string) string { return norm.NFC.String(p) }

// FoldPath returns the same value for paths that differ only in letter case or Unicode form, which
// some file systems cannot distinguish.
func FoldPath(p string) string { return cases.Fold().String(norm.NFC.String(p)) }
