package trip2g

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxLineages limits the lineages of a Timeline. They belong to the last starts of a leader.
const MaxLineages = 16

// Lineage is the part of a database's history that begins with the first change after a start of
// its leader. The token is random, so two databases differ from the restore of a backup on.
type Lineage struct {
	Token  string
	Begins Position
}

// Timeline describes a database's history, so that another node can check whether its own is part
// of it. It is immutable. The zero value is for a node without a database.
type Timeline struct {
	DatabaseID string
	Position   Position  // of the newest change
	Lineages   []Lineage // newest first, at most MaxLineages
}

// at returns the token of the lineage that contains a position, "" before the first one. known is
// false for a position before the oldest known lineage.
func (t Timeline) at(position Position) (token string, known bool) {
	for _, l := range t.Lineages {
		if l.Begins <= position {
			return l.Token, true
		}
	}
	return "", len(t.Lineages) < MaxLineages
}

// Diverges describes why the database of a replica, t, is not an earlier state of its leader's; ""
// if it is one, or if too little is known. A replica that is ahead also diverges. A leader shows a
// change shortly after writing it, so callers check again before they rely on ahead.
func (t Timeline) Diverges(leader Timeline) (how string, ahead bool) {
	if t.DatabaseID == "" || leader.DatabaseID == "" {
		return "", false
	}
	if t.DatabaseID != leader.DatabaseID {
		return "another database than the leader's", false
	}
	if t.Position > leader.Position {
		return fmt.Sprintf("changes that the leader's database does not have (position %d, the leader's is %d)", t.Position, leader.Position), true
	}
	own, ownKnown := t.at(t.Position)
	theirs, known := leader.at(t.Position)
	if ownKnown && known && own != theirs {
		return fmt.Sprintf("another history than the leader's database, which was restored to a state before position %d", t.Position), false
	}
	return "", false
}

// String formats a timeline for ParseTimeline and a header field: the database's id, the position,
// and the lineages.
func (t Timeline) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s;%d", t.DatabaseID, t.Position)
	for _, l := range t.Lineages {
		fmt.Fprintf(&b, ";%s@%d", l.Token, l.Begins)
	}
	return b.String()
}

// ParseTimeline parses the result of String. It returns the zero value for an invalid text, and for
// "", which nodes of older versions send.
func ParseTimeline(text string) Timeline {
	parts := strings.Split(text, ";")
	if len(parts) < 2 || len(parts) > 2+MaxLineages {
		return Timeline{}
	}
	position, ok := ParsePosition(parts[1])
	if !ok {
		return Timeline{}
	}
	t := Timeline{DatabaseID: parts[0], Position: position}
	for _, part := range parts[2:] {
		token, begins, _ := strings.Cut(part, "@")
		n, err := strconv.ParseInt(begins, 10, 64)
		if err != nil {
			return Timeline{}
		}
		t.Lineages = append(t.Lineages, Lineage{token, Position(n)})
	}
	return t
}
