package sqlite

import (
	"slices"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

func TestTheLastRunOfEachJobIsKept(t *testing.T) {
	db := newLeader(t)
	runs := []trip2g.JobRun{
		{Name: "a", StartedAt: testTime, FinishedAt: testTime.Add(time.Second), Error: "no"},
		{Name: "b", StartedAt: testTime, FinishedAt: testTime.Add(time.Second)},
		{Name: "a", StartedAt: testTime.Add(time.Hour), FinishedAt: testTime.Add(time.Hour)},
	}
	for _, run := range runs {
		ok(t, db.PutJobRun(t.Context(), run))
	}
	if got := must[[]trip2g.JobRun](t)(db.JobRuns(t.Context())); !slices.Equal(got, []trip2g.JobRun{runs[2], runs[1]}) {
		t.Errorf("the runs are %+v", got)
	}
}
