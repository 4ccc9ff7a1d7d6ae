package jobs

import (
	"context"
	"time"
)

// schedule enqueues a job when it is due: at once if that was while no leader ran, and then every
// interval. It returns when ctx ends.
func (r *Runner) schedule(ctx context.Context, name string, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := r.enqueueIfDue(ctx, name, every); err != nil && ctx.Err() == nil {
			r.log.Error().Err(err).Str("job", name).Stringer("retry_in", every).Msg("a job could not be scheduled")
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// enqueueIfDue enqueues a job unless its last run started less than an interval ago. It tolerates a
// tenth of the interval, because a tick can come just before the interval is over.
func (r *Runner) enqueueIfDue(ctx context.Context, name string, every time.Duration) error {
	runs, err := r.store.JobRuns(ctx)
	if err != nil {
		return err
	}
	for _, run := range runs {
		if run.Name == name && time.Since(run.StartedAt) < every*9/10 {
			return nil
		}
	}
	return r.Enqueue(ctx, name, nil)
}
