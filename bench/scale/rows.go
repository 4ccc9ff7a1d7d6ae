package scale

import (
	"fmt"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"trip2g/bench/report"
)

const (
	// flat is how much more something may cost in the largest vault than in the smallest one.
	flat = 2
	// publishedWithin is for 10,000 notes, in seconds.
	publishedWithin = 30
	// forwardedWithin is what forwarding may add to a write, in milliseconds.
	forwardedWithin = 1
	// Memory without any page made: so much for a note, and so much for a byte of its text, in bytes.
	memoryOfNote = 4 << 10
	memoryOfByte = 3
	// fewestForMemory is from how many notes on that holds: with fewer, what else a process takes counts more.
	fewestForMemory = 1000
)

// readyWithin is how long a start may take, in seconds, by the number of notes.
var readyWithin = map[int]float64{1000: 1, 10_000: 3, 100_000: 20}

// Section tells the result in the rows of a report.
func (r *Result) Section() report.Section {
	return report.Section{
		Title: "What the size of a vault costs",
		Text: "A leader and two replicas, all on this machine, each with its own LiteFS mount. The vaults have links, images, " +
			"tags and several scripts; a note has 3 KB on average. Where a large vault is compared with a small one, both run " +
			"and are measured in turns.",
		Rows: []report.Row{
			r.forwardingRow(), r.publishingRow(), r.changeRow(), r.pushChangeRow(),
			r.readyRow(), r.coldRow(), r.warmRow(), r.wireRow(), r.processorRow(),
		},
	}
}

func (r *Result) forwardingRow() report.Row {
	f := r.Forwarding
	leader := report.Figure{Name: "to the leader", Unit: "ms", Values: f.Leader}
	replica := report.Figure{Name: "through a replica", Unit: "ms", Values: f.Replica}
	proxy := report.Figure{Name: "through a bare proxy", Unit: "ms", Values: f.Proxy}
	return report.Row{
		Name: "A small write through a replica (p50)", Against: "the same at the leader, and through one more hop of net/http",
		Figures: []report.Figure{leader, replica, proxy},
		Claims: []report.Claim{
			report.Difference("forwarding adds", replica, leader, report.Goal{Kind: report.AtMost, Bound: forwardedWithin}),
			report.Difference("the bare proxy adds", proxy, leader, report.Goal{}),
		},
		Notes: []string{
			"The bare proxy is `httputil.ReverseProxy` before the leader. It is no replica: while the leader's answer passes through one, that also applies the change, on the same cores.",
			"Where it was looked at, a request that writes nothing took 0.40 ms at the leader, 0.62 ms through the bare proxy and 0.85 ms through a replica, which also signs it, keeps it for sending it again, and logs it. The hop is HTTP/1.1 for what is there as a whole; over HTTP/2, whose frames several goroutines hand to each other, it was 1.05 ms, and a write took a millisecond more.",
		},
	}
}

func (r *Result) publishingRow() report.Row {
	return r.rowBySize("A vault pushed to an empty server", "the number of notes", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("s", s.Published.All.Seconds()), Goal: within(s, map[int]float64{10_000: publishedWithin})}
	}, "From the start of `trip2g push`, which first reads the vault from disk, until both replicas show it.")
}

func (r *Result) changeRow() report.Row {
	row := r.rowBySize("One small note changed, until both replicas show it (p50)", "the same in the smallest vault", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("ms", s.Change.Visible...)}
	})
	for _, s := range r.Sizes {
		row.Figures = append(row.Figures, report.Figure{Name: s.name() + ", acknowledged", Unit: "ms", Values: s.Change.Acknowledged})
	}
	last := r.largest()
	row.Claims = append(row.Claims, report.Ratio("largest / smallest vault", last.figure("ms", last.Change.Visible...),
		report.Figure{Name: "smallest", Unit: "ms", Values: last.Reference.Visible}, atMost(flat)))
	return row
}

func (r *Result) pushChangeRow() report.Row {
	return r.rowBySize("A vault pushed again with one note changed", "the number of notes", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("s", s.Published.OneChanged.Seconds())}
	}, "`trip2g push` reads the whole vault to find what changed. An editor's plugin, which knows, sends the one note: the row before.")
}

func (r *Result) readyRow() report.Row {
	return r.rowBySize("A replica's start until it is ready", "the number of notes", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("s", s.Start.ToReady...), Goal: within(s, readyWithin)}
	}, "From the start of its LiteFS until `/readyz` says 200, asked every 5 ms.",
		"Where it was looked at, 100,000 notes without a mount took 14 s of two processors: 10 s to parse them, 3 to 4 s to put what they refer to, their folders and tags into indexes. These are filled beside each other, each in its order: of a million links the names that they end in are found and sorted first. One note after the other, and then link by link, it took 10 s. The rest is LiteFS looking through its database. Text comes through the mount in blocks of 512 KB: page by page, 90 MB took 2 s, so 0.25 s. The index for searching is made after the start.")
}

func (r *Result) coldRow() report.Row {
	row := r.rowBySize("Memory of a replica that nobody has asked for a page", "4 KB a note and 3 bytes a byte of text", func(s Size) report.Claim {
		claim := report.Claim{Figure: s.figure("MB", megabytes(s.Start.Cold-s.Start.Empty))}
		if s.Notes >= fewestForMemory {
			claim.Goal = atMost(megabytes(memoryOfNote*int64(s.Notes) + memoryOfByte*s.Text))
		}
		return claim
	}, fmt.Sprintf("Resident memory of the server's process after a start, less the %.0f MB that it has without a vault.", megabytes(r.largest().Start.Empty)),
		"Of 13 MB of 1,000 notes, where it was looked at, 7 are what the notes make, 3.5 of that their text; 2.5 are room between these objects that parsing left, 1 is SQLite's, of the search index, 1 the collector's own, and 1.5 are code that only parsing touches. Collecting more often while a small vault is loaded, smaller page caches, and giving back what a start leaves (the connection that read the vault, the last words indexed) took 8 MB away.")
	for _, s := range r.Sizes {
		row.Figures = append(row.Figures, report.Figure{
			Name: "a note of " + s.name(), Unit: "KB", Values: []float64{float64(s.Start.Cold-s.Start.Empty) / 1e3 / float64(s.Notes)},
		})
	}
	return row
}

func (r *Result) warmRow() report.Row {
	return r.rowBySize("Memory more after its pages were asked for", "TRIP2G_BODY_CACHE_SIZE", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("MB", megabytes(s.Start.Warm-s.Start.Cold)), Goal: atMost(bodyCache / 1e6)}
	}, message.NewPrinter(language.English).Sprintf("Each page once, %d at most, as browsers ask: compressed. The size was left at its default.", manyPages))
}

func (r *Result) wireRow() report.Row {
	row := r.rowBySize("What a replica receives for one small write", "the number of notes", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("bytes", s.Change.Wire...)}
	}, "What TCP carried from the leader's LiteFS, without headers of packets. Compared with the vault of 1,000 notes: in a smaller one several tables share what changes.")
	first, last := r.smallestFrom(1000), r.largest()
	row.Claims = append(row.Claims, report.Ratio("largest vault / "+first.name(), last.figure("", last.Change.Wire...), first.figure("", first.Change.Wire...), atMost(flat)))
	return row
}

func (r *Result) processorRow() report.Row {
	row := report.Row{
		Name: "Processor time on the leader for one small write", Against: "the same in the smallest vault",
		Notes: []string{"Of the server and its LiteFS, which sends the write to two replicas."},
	}
	for _, s := range r.Sizes {
		row.Figures = append(row.Figures,
			report.Figure{Name: s.name() + ", server", Unit: "ms", Values: s.Change.ServerCPU},
			report.Figure{Name: s.name() + ", LiteFS", Unit: "ms", Values: s.Change.LiteFSCPU})
	}
	last := r.largest()
	for _, part := range []struct {
		name              string
		largest, smallest []float64
	}{{"server", last.Change.ServerCPU, last.Reference.ServerCPU}, {"LiteFS", last.Change.LiteFSCPU, last.Reference.LiteFSCPU}} {
		row.Claims = append(row.Claims, report.Ratio("largest / smallest vault, "+part.name,
			report.Figure{Values: part.largest}, report.Figure{Values: part.smallest}, atMost(flat)))
	}
	return row
}

// rowBySize makes a row with one claim or, where there is no goal, one figure for each size.
func (r *Result) rowBySize(name, against string, of func(Size) report.Claim, notes ...string) report.Row {
	row := report.Row{Name: name, Against: against, Notes: notes}
	for _, s := range r.Sizes {
		claim := of(s)
		if claim.Goal.Kind == report.NoGoal {
			row.Figures = append(row.Figures, claim.Figure)
			continue
		}
		row.Claims = append(row.Claims, claim)
	}
	return row
}

func (r *Result) largest() Size { return r.Sizes[len(r.Sizes)-1] }

// smallestFrom gives the smallest size of at least so many notes, or the largest there is.
func (r *Result) smallestFrom(notes int) Size {
	for _, s := range r.Sizes {
		if s.Notes >= notes {
			return s
		}
	}
	return r.largest()
}

// figure makes a figure with the size for a name.
func (s Size) figure(unit string, values ...float64) report.Figure {
	return report.Figure{Name: s.name(), Unit: unit, Values: values}
}

func (s Size) name() string { return message.NewPrinter(language.English).Sprintf("%d notes", s.Notes) }

// within gives the goal of a size, if there is a bound for it.
func within(s Size, bounds map[int]float64) report.Goal {
	if bound, ok := bounds[s.Notes]; ok {
		return atMost(bound)
	}
	return report.Goal{}
}

func atMost(bound float64) report.Goal { return report.Goal{Kind: report.AtMost, Bound: bound} }

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
