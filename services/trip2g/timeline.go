package trip2g

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxLineages bounds the lineages of a Timeline: those of the last starts of a leader.
const MaxLineages = 16

// Lineage is the part of a database's history that begins with the first change after a start of its
// leader. The token is random, so that two databases that were one until a backup was restored differ
// from there on.
type Lineage struct {
	Token  string
	Begins Position
}

// Timeline says which history a database has, for another node to see whether its own is part of it.
// It is immutable. The zero value is that of a node that has no database yet.
type Timeline struct {
	DatabaseID string
	Position   Position  // of the newest change
	Lineages   []Lineage // the newest first, at most MaxLineages
}

// at returns the token of the lineage that the change at a position belongs to, "" before the first
// one. known is false for a position from before the lineages that the timeline still has.
func (t Timeline) at(position Position) (token string, known bool) {
	for _, l := range t.Lineages {
		if l.Begins <= position {
			return l.Token, true
		}
	}
	return "", len(t.Lineages) < MaxLineages
}

// Diverges returns how the database of a replica, t, is no earlier state of its leader's, in words; ""
// if it is one, or if too little is known of either. A replica that is ahead diverges, too: a leader
// shows a change a moment after it has written it, so a caller looks again before it believes that.
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

// String writes a timeline for ParseTimeline: the database's id, the position, and the lineages, in a
// form that fits a header field.
func (t Timeline) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s;%d", t.DatabaseID, t.Position)
	for _, l := range t.Lineages {
		fmt.Fprintf(&b, ";%s@%d", l.Token, l.Begins)
	}
	return b.String()
}

// ParseTimeline reads what String has written. "" is the zero value, as a node of an older version
// says nothing; so is what cannot be read.
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
