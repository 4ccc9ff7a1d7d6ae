package jobs

import (
	"context"
	"maps"
	"slices"
	"time"

	"trip2g/services/trip2g"
)

var _ trip2g.JobService = (*Runner)(nil)

// abouts says what the jobs that every leader has are for.
var abouts = map[string]string{
	purgeJob: "Removes what nothing can need again: sessions and codes out of date, pushes that nobody finished for a week and files that no note has referred to for 30 days.",
}

// Jobs is trip2g.JobService's.
func (r *Runner) Jobs(ctx context.Context) ([]trip2g.Job, error) {
	runs, err := r.store.JobRuns(ctx)
	if err != nil {
		return nil, err
	}
	running := r.running.Load()
	list := make([]trip2g.Job, 0, len(r.jobs))
	for _, name := range slices.Sorted(maps.Keys(r.jobs)) {
		job := trip2g.Job{Name: name, About: abouts[name], Every: r.every(name), Running: running != nil && *running == name}
		for _, run := range runs {
			if run.Name == name {
				job.Last = run
			}
		}
		list = append(list, job)
	}
	return list, nil
}

func (r *Runner) every(name string) time.Duration {
	if name == purgeJob {
		return r.purgeEvery
	}
	return 0
}

// StartJob is trip2g.JobService's.
func (r *Runner) StartJob(ctx context.Context, name string) error {
	if _, known := r.jobs[name]; !known {
		return trip2g.Errorf(trip2g.ENOTFOUND, "there is no job with this name")
	}
	return r.Enqueue(ctx, name, nil)
}
