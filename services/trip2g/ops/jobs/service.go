package jobs

import (
	"context"
	"maps"
	"slices"

	"trip2g/services/trip2g"
)

var _ trip2g.JobService = (*Runner)(nil)

// Jobs implements trip2g.JobService.
func (r *Runner) Jobs(ctx context.Context) ([]trip2g.Job, error) {
	runs, err := r.store.JobRuns(ctx)
	if err != nil {
		return nil, err
	}
	running := r.running.Load()
	list := make([]trip2g.Job, 0, len(r.jobs))
	for _, name := range slices.Sorted(maps.Keys(r.jobs)) {
		job := trip2g.Job{
			Name: name, About: r.jobs[name].Description, Every: r.jobs[name].Every, Running: running != nil && *running == name,
		}
		for _, run := range runs {
			if run.Name == name {
				job.Last = run
			}
		}
		list = append(list, job)
	}
	return list, nil
}

// StartJob implements trip2g.JobService.
func (r *Runner) StartJob(ctx context.Context, name string) error {
	if _, known := r.jobs[name]; !known {
		return trip2g.Errorf(trip2g.ENOTFOUND, "there is no job with this name")
	}
	return r.Enqueue(ctx, name, nil)
}
