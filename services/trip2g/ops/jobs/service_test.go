package jobs

import (
	"context"
	"testing"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

func TestTheOwnerSeesARunningJobAndItsResult(t *testing.T) {
	db := openDB(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	r := newQuickRunner(t, db, func(context.Context, []byte) error { close(begun); <-finish; return nil })
	start(t, r.Run)
	job := func() trip2g.Job {
		t.Helper()
		list, err := r.Jobs(t.Context())
		if err != nil || len(list) != 2 || list[0].Name != purgeName || list[1].Name != "work" {
			t.Fatalf("%+v, %v", list, err)
		}
		if list[0].About == "" || list[0].Every != purgeEvery || list[1].Every != 0 {
			t.Errorf("%+v", list)
		}
		return list[1]
	}
	if before := job(); before.Running || !before.Last.StartedAt.IsZero() {
		t.Errorf("before it ran: %+v", before)
	}
	if err := r.StartJob(t.Context(), "work"); err != nil {
		t.Fatal(err)
	}
	<-begun
	if !job().Running {
		t.Error("a running job is not shown as running")
	}
	close(finish)
	testwait.Until(t, "its result is shown", func() bool { j := job(); return !j.Running && !j.Last.FinishedAt.IsZero() && j.Last.Error == "" })
	if err := r.StartJob(t.Context(), "none"); trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
		t.Error(err)
	}
}
