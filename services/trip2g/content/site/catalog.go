package site

import (
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

// entry is a note that has a page. It never changes; an edit makes another one.
type entry struct {
	*note
	location
	listing *listing // its line in lists
}

// catalog is what the notes make, in indexes that one change touches in few places. What is in them
// depends on nothing but the notes: never on the order in which those came. Every index that has
// something to choose keeps all that there is to choose from, in byte order of the notes' paths, so
// that the next one counts when the first goes.
//
// One goroutine changes it and freezes it into contents.
type catalog struct {
	options *Options
	bodies  *bodies

	notes   map[int64]*note
	entries map[int64]*entry
	bytes   int64 // text of the notes

	redirectIDs map[int64]*trip2g.Redirect

	claims    *index[claim]
	places    *index[located[*entry]]
	redirects *index[redirect]
	ids       *index[identified]
	stored    *index[stored]        // redirects that the database has
	names     *index[found[string]] // of notes, to their URLs
	aliases   *index[found[string]] // other names of notes, to their URLs
	fileRefs  *index[fileRef]
	files     *index[found[string]] // by path in the vault, of those in fileRefs
	assets    *index[fileRef]       // by hash
	inlinks   *index[inlink]
	dated     *index[dated]
	public    *shelving
	members   *shelving // nil until there is something for members alone: theirs is the public one
	all       *shelving // nil until there is something for groups: the owner's is that of members
	of        leavings  // on the shelves
	warnings  *index[warning]
	traces    []trace // but those on shelves

	owner       *entry // the note with the owner's settings, which has no page; nil without one
	publicURL   string // where readers find the site, "" if that is not known
	vaultName   string // of the folder that was published, "" if that is not known
	home        homeRule
	homeWarning string            // what is wrong with the setting of the home page, "" if nothing is
	siteAccess  trip2g.SiteAccess // as the database has it
	ownerTraces []trace           // what it leaves

	access      trip2g.SiteAccess // by which notes are resolved that do not say who may read them
	said        trip2g.AccessCounts
	unspecified *index[notePath]

	grouped       *index[identified] // those for groups
	makingShelves sync.Mutex         // see groupShelves

	stale // what is to be found anew

	last    *content
	moved   []move          // what the last content has that the one before it had not
	settled map[int64]*note // notes that changed since the one before it, as they were; nil without one
}

// stale is what settling has to do. Each time it begins with other maps: one that held a whole vault
// stays as large to go through when it is cleared.
type stale struct {
	touched    map[int64]*note // changed since, as they were; nil for what was not there
	staleFiles map[string]bool // paths whose references changed
}

func newStale() stale {
	return stale{make(map[int64]*note), make(map[string]bool)}
}

func newCatalog(o *Options, b *bodies) *catalog {
	c := &catalog{
		options: o, bodies: b,
		notes: make(map[int64]*note), entries: make(map[int64]*entry), stale: newStale(), redirectIDs: make(map[int64]*trip2g.Redirect),
		ids: newIndex(byID), inlinks: newKeyed(inlinkKey, compareInlinks), dated: newIndex(before(compareDated)), stored: newIndex(byFrom), claims: newIndex(before(compareClaims)), places: newIndex(byURL[*entry]), redirects: newIndex(before(compareRedirects)),
		names: newKeyed(baseOf[string], compareFound[string]), aliases: newKeyed(baseOf[string], compareFound[string]), fileRefs: newIndex(before(compareByPath)), files: newKeyed(baseOf[string], compareFound[string]),
		assets: newIndex(before(compareByHash)), warnings: newIndex(before(compareWarnings)), unspecified: newIndex(before(compareNotePaths)), grouped: newIndex(byID),
	}
	c.ownerTraces = []trace{
		newTrace(c.fileRefs, fileRefsOf, func(r fileRef, _ int) { c.staleFiles[r.asset.AbsolutePath] = true }),
		newTrace(c.assets, fileRefsOf, nil),
	}
	c.traces = append([]trace{
		newTrace(c.inlinks, inlinksOf, nil), // the longest: it comes first where they are settled beside each other
		newTrace(c.redirects, redirectsOf, nil),
		newTrace(c.names, namesOf, nil),
		newTrace(c.aliases, aliasesOf, nil),
		newTrace(c.warnings, warningsOf, nil),
		newTrace(c.dated, datedOf, nil),
		newTrace(c.unspecified, unspecifiedOf, nil),
		newTrace(c.grouped, groupedOf, nil),
	}, c.ownerTraces...)
	c.of = newLeavings()
	c.public = newShelving(c.places, c.of)
	return c
}

// shelves are those that there are.
func (c *catalog) shelves() []*shelving {
	list := []*shelving{c.public, c.members, c.all}
	return slices.DeleteFunc(list, func(s *shelving) bool { return s == nil })
}

// allTraces are those that an entry leaves anywhere, in groups that have nothing in common: what an entry leaves
// on one shelf is made for the others, too.
func (c *catalog) allTraces() [][]trace {
	var groups [][]trace
	for _, t := range c.traces {
		groups = append(groups, []trace{t})
	}
	for i := range c.public.traces {
		var group []trace
		for _, s := range c.shelves() {
			group = append(group, s.traces[i])
		}
		groups = append(groups, group)
	}
	return groups
}

// put takes a note in, in place of the one with its ID.
func (c *catalog) put(n *note) {
	c.touch(n.ID)
	c.notes[n.ID] = n
}

// remove takes a note out.
func (c *catalog) remove(id int64) {
	c.touch(id)
	delete(c.notes, id)
}

func (c *catalog) touch(id int64) {
	if _, known := c.touched[id]; !known {
		c.touched[id] = c.notes[id]
	}
}

// isStale tells whether there is anything that the last content does not have.
func (c *catalog) isStale() bool {
	return c.last == nil || len(c.touched) > 0 || c.stored.changed ||
		c.publicURL != c.last.layout.publicURL || c.siteAccess != c.last.access.Stored ||
		c.vaultName != c.home.vault
}

// settle brings the indexes to what the notes are now.
func (c *catalog) settle() {
	c.settleAccess()
	moves, traces := c.moves(c.nextHome()), c.allTraces()
	c.leave(moves, traces)
	c.settleOwner()
	c.enter(moves, traces)
	c.warnOfHome()
	c.partShelves(moves)
	c.settleWithoutPage()
	c.settleFiles()
	for _, s := range c.shelves() {
		s.settle(c.generation() + 1)
	}
	c.settled = nil
	if c.last != nil {
		c.settled = c.touched
	}
	c.stale, c.moved = newStale(), moves
}

// settleWithoutPage records the notes that changed and are no entries.
func (c *catalog) settleWithoutPage() {
	for id := range c.touched {
		switch now := c.notes[id]; {
		case now == nil:
			c.ids.drop(identified{id: id})
		case c.entries[id] == nil:
			c.ids.put(identified{id: id, note: now})
		}
	}
}

// partShelves makes the one for members when the first entries come that are for them alone, and the owner's
// when the first come that are for groups.
func (c *catalog) partShelves(moves []move) {
	if c.members == nil && slices.ContainsFunc(moves, func(m move) bool { return m.brings(trip2g.ForMembers) }) {
		c.members = c.part(c.public, trip2g.Member, moves)
	}
	if c.all == nil && slices.ContainsFunc(moves, func(m move) bool { return m.brings(trip2g.ForGroups) }) {
		from := c.members
		if from == nil {
			from = c.public
		}
		c.all = c.part(from, trip2g.Owner, moves)
	}
}

// part makes a shelf of another one, and puts on it what only its readers may read.
func (c *catalog) part(from *shelving, reader trip2g.Reader, moves []move) *shelving {
	made := from.forReader(reader, c.of)
	for _, m := range moves {
		if m.new == nil || from.has(m.new) || !made.has(m.new) {
			continue
		}
		for _, t := range made.traces {
			t.enter(move{new: m.new}) // the old one was on the other shelf, and has left it
		}
	}
	for _, t := range made.traces {
		t.settle()
		t.tell()
	}
	return made
}

// manyMoves is from how many on the indexes are settled beside each other, as at a start.
const manyMoves = 1000

// beside runs fn for each of 0..n-1, beside each other if there are many moves.
func beside(moves, n int, fn func(int)) {
	if moves < manyMoves {
		for i := range n {
			fn(i)
		}
		return
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		group.Go(func() error {
			fn(i)
			return nil
		})
	}
	group.Wait()
}

// inChunks gives fn all items, in parts that it may be given beside each other.
func inChunks[T any](items []T, fn func([]T)) {
	chunks := slices.Collect(slices.Chunk(items, manyMoves))
	beside(len(items), len(chunks), func(i int) { fn(chunks[i]) })
}

// settleOwner takes in what the owner says of the site. Files that only this says something of are for all.
func (c *catalog) settleOwner() {
	var held *note
	if c.owner != nil {
		held = c.owner.note
	}
	next := c.nextOwner()
	if held == next {
		return
	}
	m := move{old: c.owner}
	if next != nil {
		m.new = &entry{note: next}
	}
	for _, t := range c.ownerTraces {
		t.leave(m)
	}
	for _, t := range c.ownerTraces {
		t.enter(m) // settled with what else enters
	}
	c.owner = m.new
}

// nextOwner finds the note with the owner's settings as it is now, nil without one.
func (c *catalog) nextOwner() *note {
	var next *note
	if c.owner != nil {
		next = c.owner.note
	}
	for id, was := range c.touched {
		switch now := c.notes[id]; {
		case now != nil && now.doc.Settings != nil:
			next = now
		case was != nil && was.doc.Settings != nil && next != nil && next.ID == id:
			next = nil
		}
	}
	return next
}

// move is an entry that changed; old or new is nil for one that comes or goes.
type move struct{ old, new *entry }

// brings reports whether the change brings something that only some may read.
func (m move) brings(level trip2g.NoteAccess) bool {
	return m.new != nil && m.new.access.Level == level
}

// changesOtherShelves reports whether it may change a shelf that is not kept here: others may read the entry than
// before, or it is for groups, whose shelves are made when somebody asks.
func (m move) changesOtherShelves() bool {
	isGrouped := func(e *entry) bool { return e != nil && e.access.Level == trip2g.ForGroups }
	return isGrouped(m.old) || isGrouped(m.new) || m.old != nil && m.new != nil && m.old.access != m.new.access
}

// path gives where the entry is in the vault, or was.
func (m move) path() string {
	if m.new != nil {
		return m.new.Path
	}
	return m.old.Path
}

// touch is a note that changed: was is nil for one that comes, now for one that goes.
type touch struct {
	id              int64
	was, now        *note
	past, after     claim // to addresses
	claimed, claims bool  // whether there are these
}

// touches lists the notes that changed, with what they claim.
func (c *catalog) touches(next homeRule) []touch {
	list := make([]touch, 0, len(c.touched))
	for id, was := range c.touched {
		list = append(list, touch{id: id, was: was, now: c.notes[id]})
	}
	inChunks(list, func(chunk []touch) {
		for i := range chunk {
			t := &chunk[i]
			t.past, t.claimed = c.home.claimOf(t.was)
			t.after, t.claims = next.claimOf(t.now)
		}
	})
	return list
}

// moves finds the entries that changed: those of the notes that did, and those that have another
// address because another note came or went, or because home chooses another home page. They are in order of
// their paths.
func (c *catalog) moves(home homeRule) []move {
	stale := make(map[string]bool) // URLs to which claims changed
	addresses := make(map[int64]location)
	for _, t := range c.touches(home) {
		c.count(t.was, t.now)
		if t.claimed && t.claims && t.past == t.after {
			addresses[t.id] = c.entries[t.id].location
			continue
		}
		if t.claimed {
			c.claims.drop(t.past)
			stale[t.past.url] = true
		}
		if t.claims {
			c.claims.put(t.after)
			stale[t.after.url] = true
		}
	}
	for url := range stale {
		c.assign(url, addresses)
		if other, ok := contested(url); ok && !stale[other] {
			c.assign(other, addresses)
		}
	}
	if len(stale) > 0 && !stale["/"] {
		c.assign("/", addresses) // a note that is not the home page may be at any URL
	}
	c.home = home
	return c.changed(addresses)
}

func (c *catalog) changed(addresses map[int64]location) []move {
	moves := make([]move, 0, len(addresses))
	for id, a := range addresses {
		next := &entry{note: c.notes[id], location: a}
		if old := c.entries[id]; old == nil || old.note != next.note || old.location != next.location {
			moves = append(moves, move{old, next})
		}
	}
	inChunks(moves, func(chunk []move) {
		for _, m := range chunk {
			m.new.listed(m.old)
		}
	})
	for id := range c.touched {
		if _, seen := addresses[id]; !seen && c.entries[id] != nil {
			moves = append(moves, move{c.entries[id], nil})
		}
	}
	slices.SortFunc(moves, func(a, b move) int { return strings.Compare(a.path(), b.path()) })
	return moves
}

// count keeps what is said of all notes, also of those without a page.
func (c *catalog) count(was, now *note) {
	if was != nil {
		c.bytes -= int64(len(was.Content))
		c.said.Count(was.doc, was.Path, -1)
		if len(was.doc.Warnings) > 0 {
			c.warnings.drop(warning{path: was.Path, id: was.ID})
		}
	}
	if now != nil {
		c.bytes += int64(len(now.Content))
		c.said.Count(now.doc, now.Path, 1)
		if len(now.doc.Warnings) > 0 {
			c.warnings.put(warning{path: now.Path, id: now.ID, doc: now.doc})
		}
	}
}

// leave takes out what entries were and are no more. All leave before one enters: an address that
// one note leaves is another one's next.
func (c *catalog) leave(moves []move, traces [][]trace) {
	all := slices.Concat(traces...)
	for _, m := range moves {
		if m.old == nil {
			continue
		}
		for _, t := range all {
			t.leave(m)
		}
		c.markFolder(m.old.url)
		if m.new == nil {
			delete(c.entries, m.old.ID)
			c.ids.drop(identified{id: m.old.ID})
		}
		if m.new == nil || m.new.url != m.old.url {
			c.places.drop(located[*entry]{url: m.old.url})
		}
	}
}

// enter takes in what entries are and were not before.
func (c *catalog) enter(moves []move, traces [][]trace) {
	for _, m := range moves {
		if m.new == nil {
			continue
		}
		c.entries[m.new.ID] = m.new
		c.ids.put(identified{m.new.ID, m.new.note, m.new})
		c.places.put(located[*entry]{m.new.url, m.new})
		c.markFolder(m.new.url)
	}
	beside(len(moves), len(traces), func(i int) {
		for _, m := range moves {
			if m.new == nil {
				continue
			}
			for _, t := range traces[i] {
				t.enter(m)
			}
		}
		for _, t := range traces[i] {
			t.settle()
		}
	})
	for _, t := range slices.Concat(traces...) {
		t.tell()
	}
}

// markFolder has the folder at a URL found anew: its own page may have changed.
func (c *catalog) markFolder(url string) {
	for _, s := range c.shelves() {
		s.staleFolders[url] = true
	}
}

// trace is what entries leave in one index. What they enter is there once it is settled, and told after that.
type trace interface {
	leave(move)
	enter(move)
	settle()
	tell()
}

// traceOf are the items that an entry has in an index.
type traceOf[T comparable] struct {
	index *index[T]
	of    func(*entry) []T
	mark  func(item T, delta int) // told of each item that comes (1) or goes (-1); may be nil

	coming *[]T // has entered and is not settled
}

func newTrace[T comparable](index *index[T], of func(*entry) []T, mark func(item T, delta int)) trace {
	return traceOf[T]{index, of, mark, new([]T)}
}

func (t traceOf[T]) leave(m move) {
	if old, new := t.items(m); !slices.Equal(old, new) {
		for _, item := range old {
			t.index.drop(item)
			t.told(item, -1)
		}
	}
}

func (t traceOf[T]) enter(m move) {
	if old, new := t.items(m); !slices.Equal(old, new) {
		*t.coming = append(*t.coming, new...)
	}
}

// settle puts what has entered into the index, in its order: with a whole vault that takes a third of the
// time, because each item comes beside the last one.
func (t traceOf[T]) settle() {
	t.index.sort(*t.coming)
	t.index.fill(*t.coming)
}

func (t traceOf[T]) tell() {
	for _, item := range *t.coming {
		t.told(item, 1)
	}
	*t.coming = nil
}

func (t traceOf[T]) items(m move) (old, new []T) {
	if m.old != nil {
		old = t.of(m.old)
	}
	if m.new != nil {
		new = t.of(m.new)
	}
	return old, new
}

func (t traceOf[T]) told(item T, delta int) {
	if t.mark != nil {
		t.mark(item, delta)
	}
}
