package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/go-co-op/gocron/v2"
)

const (
	purgeJob   = "purge"
	purgeEvery = time.Hour

	// staleAfter is how long a file is kept that no note refers to, for an older version that is restored with
	// its files, and a job that failed for somebody who looks.
	staleAfter = 30 * 24 * time.Hour
)

// startSchedule enqueues jobs when they are due: at once if that was while no leader ran.
func (r *Runner) startSchedule(ctx context.Context) (stop func(), err error) {
	scheduler, err := gocron.NewScheduler()
	if err != nil {
		return nil, fmt.Errorf("make the schedule: %w", err)
	}
	_, err = scheduler.NewJob(
		gocron.DurationJob(r.purgeEvery),
		gocron.NewTask(r.enqueuePurge),
		gocron.WithName(purgeJob), gocron.WithContext(ctx), gocron.WithStartAt(gocron.WithStartImmediately()))
	if err != nil {
		return nil, fmt.Errorf("schedule %s: %w", purgeJob, err)
	}
	scheduler.Start()
	return func() {
		if err := scheduler.Shutdown(); err != nil {
			r.log.Warn().Err(err).Msg("the schedule did not end by itself")
		}
	}, nil
}

// enqueuePurge is late by up to a tenth of the interval, so that the schedule's next tick, which
// comes just before the interval is over, counts.
func (r *Runner) enqueuePurge(ctx context.Context) {
	err := func() error {
		runs, err := r.store.JobRuns(ctx)
		if err != nil {
			return err
		}
		for _, run := range runs {
			if run.Name == purgeJob && time.Since(run.StartedAt) < r.purgeEvery*9/10 {
				return nil
			}
		}
		return r.Enqueue(ctx, purgeJob, nil)
	}()
	if err != nil && ctx.Err() == nil {
		r.log.Error().Err(err).Msg("the purge could not be scheduled: it is tried again in an hour")
	}
}

func (r *Runner) purge(ctx context.Context, _ []byte) error {
	now := time.Now()
	removed, err := r.store.Purge(ctx, now, now.Add(-staleAfter))
	if err != nil {
		return err
	}
	r.log.Info().Int64("sessions", removed.Sessions).Int64("codes", removed.Codes).
		Int64("staged", removed.Staged).Int64("assets", removed.Assets).Msg("removed what is out of date")
	return nil
}
