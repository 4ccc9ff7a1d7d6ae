package server

import (
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

// TestAReportIsMadeOfWhatANodeSays checks long fault texts against the limits of a leader.
func TestAReportIsMadeOfWhatANodeSays(t *testing.T) {
	missing := sentences(map[string]string{"site": "a\nb" + strings.Repeat("é", 500), "database": "closed\xff"})
	r := trip2g.NodeReport{Name: "r1", Role: trip2g.RoleReplica, Missing: missing}
	if err := r.Validate(); err != nil || missing[0] != "database: closed\uFFFD" || !strings.HasPrefix(missing[1], "site: a bé") {
		t.Errorf("%q: %v", missing, err)
	}
	at := time.Now()
	silent := litefsState{known: true, at: at.Add(-time.Minute)}
	if lag, known := silent.lag(at); !known || lag < 59*time.Second {
		t.Errorf("a LiteFS node that has said nothing for a minute lags %v", lag)
	}
	if _, known := (&litefsState{at: at}).lag(at); known {
		t.Error("a LiteFS node that has heard nothing has a lag")
	}
}
