package window

import (
	"fmt"
	"time"
)

// kinds returns the kinds of windows that the tests compare with their reference.
func kinds() []kind {
	var all []kind
	add := func(k kind) {
		if !k.event && !k.untimed {
			k.name += ", by the clock"
		}
		all = append(all, k)
		k.keyed, k.name = true, k.name+", keyed"
		all = append(all, k)
	}
	for _, g := range []Grid{{Size: 10, Slide: 10}, {Size: 10, Slide: 10, Offset: 23}, {Size: 10, Slide: 4, Offset: -1}} {
		name := fmt.Sprintf("windows of %d each %d from %d", g.Size, g.Slide, g.Offset)
		add(aligned(name, g, 0))
		for _, lateness := range []time.Duration{0, 15} {
			k := aligned(fmt.Sprintf("%s, %d late", name, lateness), g, lateness)
			k.event, k.outOfOrder = true, 6
			add(k)
		}
	}
	for _, lateness := range []time.Duration{0, 12} {
		add(kind{
			name: fmt.Sprintf("sessions of 7, %d late", lateness), event: true, outOfOrder: 5, looks: true,
			windows: func(p *pipeline) Windows {
				table := NewItemTable(p.config())
				return NewSessions(table, p.positions, 7, lateness, p.isLate)
			},
			reference: func() reference { return &refSessions{gap: 7, lateness: lateness, now: LongAgo} },
		})
	}
	for _, r := range []refOpened{
		{limit: 3},
		{limit: 3, within: 9},
		{within: 9},
		{gap: 6},
		{limit: 4, gap: 6},
		{gap: 1},
		{limit: 3, step: 1},
		{limit: 4, step: 2},
		{limit: 5, step: 2, within: 20},
		{limit: 1, weigh: true},
		{limit: 5, weigh: true},
		{limit: 5, weigh: true, within: 12},
		{last: true},
		{last: true, within: 12},
	} {
		add(opened(r))
	}
	return all
}

func aligned(name string, g Grid, lateness time.Duration) kind {
	return kind{
		name:    name,
		windows: func(p *pipeline) Windows { return NewAligned(p.cells, p.positions, g, lateness, p.isLate) },
		reference: func() reference {
			return &refAligned{size: g.Size, slide: g.Slide, offset: g.Offset, lateness: lateness, now: LongAgo}
		},
	}
}

func opened(r refOpened) kind {
	bounds := Bounds{Limit: r.limit, Step: r.step, Within: r.within, Gap: r.gap}
	return kind{
		name:    fmt.Sprintf("windows of %d each %d, by weight %v, by last %v, within %d, gap %d", r.limit, r.step, r.weigh, r.last, r.within, r.gap),
		untimed: r.within+r.gap == 0,
		windows: func(p *pipeline) Windows {
			b := bounds
			if r.weigh {
				b.Weigh = func(i int) int { return p.batch.Items[i].Weight }
			}
			if r.last {
				b.Last = func(i int) bool { return p.batch.Items[i].Last }
			}
			return NewOpened(p.cells(), p.kind.keyed, p.positions, b, p.clock)
		},
		reference: func() reference { n := r; return &n },
	}
}
