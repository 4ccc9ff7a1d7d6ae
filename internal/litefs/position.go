package litefs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Position is a database's place in the leader's history. Two nodes at the
// same position hold the same bytes.
type Position struct {
	TXID     uint64 // transactions committed so far; 0 before the first
	Checksum uint64 // checksum of the whole database after that transaction
}

// String returns the position as LiteFS writes it: two numbers of 16
// hexadecimal digits with a slash between them.
func (p Position) String() string { return fmt.Sprintf("%016x/%016x", p.TXID, p.Checksum) }

// Position returns the position of a database, named as its file on the mount
// is. The error is [os.ErrNotExist] where the node has no such database yet.
func (n *Node) Position(db string) (Position, error) {
	if err := checkName(db); err != nil {
		return Position{}, err
	}
	text, err := os.ReadFile(filepath.Join(n.dir, db+PositionSuffix))
	if err != nil {
		return Position{}, fmt.Errorf("position of %s: %w", db, err)
	}
	p, err := parsePosition(strings.TrimSuffix(string(text), "\n"))
	if err != nil {
		return Position{}, fmt.Errorf("position of %s: %w", db, err)
	}
	return p, nil
}

// checkName rejects what cannot be the name of a database. LiteFS keeps all
// databases in one directory.
func checkName(db string) error {
	if db == "" || strings.HasPrefix(db, ".") || strings.ContainsAny(db, "/\x00") {
		return fmt.Errorf("%q is not the name of a database on a LiteFS mount", db)
	}
	if suffix := ReservedSuffix(db); suffix != "" {
		return fmt.Errorf("%q is not the name of a database on a LiteFS mount: LiteFS reserves the suffix %s", db, suffix)
	}
	return nil
}

// parsePosition reads what [Position.String] writes.
func parsePosition(s string) (Position, error) {
	txid, checksum, found := strings.Cut(s, "/")
	if !found {
		return Position{}, fmt.Errorf("%q is not a position: no slash", s)
	}
	t, err := parseHex(txid)
	if err != nil {
		return Position{}, fmt.Errorf("%q is not a position: %w", s, err)
	}
	c, err := parseHex(checksum)
	if err != nil {
		return Position{}, fmt.Errorf("%q is not a position: %w", s, err)
	}
	return Position{TXID: t, Checksum: c}, nil
}

// parseHex reads a number of exactly 16 hexadecimal digits.
func parseHex(s string) (uint64, error) {
	if len(s) != 16 {
		return 0, fmt.Errorf("%q has %d digits, not 16", s, len(s))
	}
	v, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not hexadecimal", s)
	}
	return v, nil
}
