package index

// replaceSettingsNote updates the indexes for the owner's settings. Files referenced there are
// public.
func (b *Builder) replaceSettingsNote() {
	var last *Note
	if b.settingsNote != nil {
		last = b.settingsNote.Note
	}
	next := b.nextSettingsNote()
	if last == next {
		return
	}
	c := change{old: b.settingsNote}
	if next != nil {
		c.new = &Entry{Note: next}
	}
	for _, t := range b.settingsIndexers {
		t.removeOld(c)
	}
	for _, t := range b.settingsIndexers {
		t.addNew(c) // flushed with the other new entries
	}
	b.settingsNote = c.new
}

// nextSettingsNote returns the current note with the owner's settings, nil if there is none.
func (b *Builder) nextSettingsNote() *Note {
	var next *Note
	if b.settingsNote != nil {
		next = b.settingsNote.Note
	}
	for id, old := range b.dirtyNotes {
		switch note := b.notes[id]; {
		case note != nil && note.Doc.Settings != nil:
			next = note
		case old != nil && old.Doc.Settings != nil && next != nil && next.ID == id:
			next = nil
		}
	}
	return next
}
