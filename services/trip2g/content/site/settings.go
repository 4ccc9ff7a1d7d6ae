package site

// replaceSettingsNote updates the indexes for the owner's settings. Files referenced there are
// public.
func (b *builder) replaceSettingsNote() {
	var last *note
	if b.settingsNote != nil {
		last = b.settingsNote.note
	}
	next := b.nextSettingsNote()
	if last == next {
		return
	}
	c := change{old: b.settingsNote}
	if next != nil {
		c.new = &entry{note: next}
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
func (b *builder) nextSettingsNote() *note {
	var next *note
	if b.settingsNote != nil {
		next = b.settingsNote.note
	}
	for id, old := range b.dirtyNotes {
		switch note := b.notes[id]; {
		case note != nil && note.doc.Settings != nil:
			next = note
		case old != nil && old.doc.Settings != nil && next != nil && next.ID == id:
			next = nil
		}
	}
	return next
}
