package graphql_test

import (
	"testing"
	"time"

	"trip2g/services/trip2g"
)

func TestTheOverviewSaysWhatIsWrong(t *testing.T) {
	s := startWithServices(t)
	owner := s.asOwner()
	s.pushed(map[string]string{"a.md": "---\ntitle: [\n---\n"}, false)
	if err := s.db.PutJobRun(t.Context(), trip2g.JobRun{Name: "purge", StartedAt: time.Now(), FinishedAt: time.Now(), Error: "the disk is on fire"}); err != nil {
		t.Fatal(err)
	}
	a := s.post(`{ overview { warnings problems { text page } } }`, nil, owner)
	contains(t, a.body, `"warnings":1`, "There is a warning about a note", "/_system/warnings", "The job purge failed", "/_system/jobs", "Something is wrong with a node", "/_system/nodes")
}
