package jetstream

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// balance renews this member's own entry, and claims or releases work until the member
// holds its share.
func (c *claims) balance(ctx context.Context) {
	request, cancel := context.WithTimeout(ctx, c.group.TTL/3)
	defer cancel()
	members, taken, err := c.list(request)
	if err != nil {
		c.cannotRead(ctx, err)
		return
	}
	mine, differ := assign(members, c.group.Member)
	if differ && !c.differ {
		c.group.Logger.WarnContext(ctx, "jetstream: the members of the group have different feeds or partitions; each is read by a member that has it in its configuration", "group", c.group.Name, "member", c.group.Member)
	}
	c.differ = differ
	surplus := -len(mine)
	for _, held := range c.held {
		if held.state == claimHeld {
			surplus++
		}
	}
	// Members with the same work only balance how many pieces they hold, not which: so
	// little work moves when members come and go.
	shouldClaim := func(string) bool { return surplus < 0 }
	shouldRelease := func(string) bool { return surplus > 0 }
	if differ {
		shouldClaim = func(name string) bool { return slices.Contains(mine, name) }
		shouldRelease = func(name string) bool { return !slices.Contains(mine, name) }
	}
	for _, name := range c.names {
		held := c.held[name]
		switch {
		case held != nil && held.state == claimHeld && shouldRelease(name):
			held.end(claimReleased)
			surplus--
		case held == nil && shouldClaim(name) && !slices.Contains(taken, c.key("work", name)):
			if c.claim(ctx, request, name) {
				surplus++
			}
		}
	}
}

// list renews this member's own entry, and returns the members of the group with the
// names of their work, and the keys of the work that is claimed.
func (c *claims) list(ctx context.Context) (members map[string][]string, taken []string, err error) {
	if _, err := c.bucket.Put(ctx, c.key("member", c.group.Member), []byte(strings.Join(c.names, "\n"))); err != nil {
		return nil, nil, err
	}
	prefix := c.group.Name + "."
	entries, err := c.bucket.Watch(ctx, prefix+">", jetstream.IgnoreDeletes())
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = entries.Stop() }()
	members = map[string][]string{}
	for {
		select {
		case entry := <-entries.Updates():
			if entry == nil { // the end of the entries
				members[c.group.Member] = c.names // the server that answered may not have it yet
				return members, taken, nil
			}
			if member, ok := strings.CutPrefix(entry.Key(), prefix+"member."); ok {
				members[member] = strings.Split(string(entry.Value()), "\n")
			} else {
				taken = append(taken, entry.Key())
			}
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// assign assigns each piece of work to one of the members that have it, and returns the
// pieces of one member. If all members have the same work, the sizes of their shares differ
// by at most one; differ reports that they do not all have the same work.
func assign(members map[string][]string, member string) (mine []string, differ bool) {
	has := map[string]map[string]bool{} // by piece of work and member
	for m, names := range members {
		for _, name := range names {
			if has[name] == nil {
				has[name] = map[string]bool{}
			}
			has[name][m] = true
		}
	}
	inOrder, count := slices.Sorted(maps.Keys(members)), map[string]int{}
	names := slices.SortedFunc(maps.Keys(has), func(a, b string) int { // first the work that few members have
		return cmp.Or(cmp.Compare(len(has[a]), len(has[b])), cmp.Compare(a, b))
	})
	for _, name := range names {
		least := ""
		for _, m := range inOrder {
			if !has[name][m] {
				differ = true
			} else if least == "" || count[m] < count[least] {
				least = m
			}
		}
		count[least]++
		if least == member {
			mine = append(mine, name)
		}
	}
	return mine, differ
}
