package trip2g

import (
	"reflect"
	"strings"
	"testing"
)

// TestAReplicaKnowsWhetherItsDatabaseIsPartOfItsLeaders covers restarts, restores and rewinds.
func TestAReplicaKnowsWhetherItsDatabaseIsPartOfItsLeaders(t *testing.T) {
	two := []Lineage{{"b", 40}, {"a", 1}}
	full := make([]Lineage, MaxLineages)
	for i := range full {
		full[i] = Lineage{"later", Position(1000 - i)}
	}
	replica := Timeline{"db", 50, two}
	for name, tt := range map[string]struct {
		leader Timeline
		says   string
		ahead  bool
	}{
		"level":                              {Timeline{"db", 50, two}, "", false},
		"the leader is further":              {Timeline{"db", 70, two}, "", false},
		"the leader restarted and changed":   {Timeline{"db", 51, []Lineage{{"c", 51}, {"b", 40}, {"a", 1}}}, "", false},
		"an empty volume":                    {Timeline{"new", 0, nil}, "another database", false},
		"an older backup":                    {Timeline{"db", 45, two}, "does not have (position 50, the leader's is 45)", true},
		"an older backup that has grown":     {Timeline{"db", 90, []Lineage{{"c", 46}, {"b", 40}, {"a", 1}}}, "another history", false},
		"a backup from before both":          {Timeline{"db", 90, []Lineage{{"c", 20}, {"a", 1}}}, "another history", false},
		"a leader that is starting":          {Timeline{}, "", false},
		"more restarts than a leader tells":  {Timeline{"db", 1000, full}, "", false},
		"only older versions wrote: no name": {Timeline{"db", 60, nil}, "another history", false},
	} {
		if how, ahead := replica.Diverges(tt.leader); ahead != tt.ahead || (how == "") != (tt.says == "") || !strings.Contains(how, tt.says) {
			t.Errorf("%s: %q, ahead %v", name, how, ahead)
		}
		if got := ParseTimeline(tt.leader.String()); !reflect.DeepEqual(got, tt.leader) {
			t.Errorf("%s: %q is read as %+v", name, tt.leader, got)
		}
	}
	if how, _ := (Timeline{}).Diverges(replica); how != "" {
		t.Errorf("without a database: %q", how)
	}
	for _, text := range []string{"", "db", "db;x", "db;-1", "db;1;token", "db;1" + strings.Repeat(";a@1", MaxLineages+1)} {
		if got := ParseTimeline(text); !reflect.DeepEqual(got, Timeline{}) {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}
