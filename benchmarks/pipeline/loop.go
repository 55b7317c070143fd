package pipeline

import (
	"sync"
	"time"
)

// loop is what one would write by hand, each time anew.
func loop() contender {
	return contender{
		name:  "hand-written loop",
		about: "written for the one case, without cancellation or errors",
		windows: func(all []trade) (sum int64) {
			items := make([]trade, 0, window)
			for _, t := range all {
				if !wanted(t) {
					continue
				}
				if items = append(items, withFee(t)); len(items) == window {
					sum += turnover(items)
					items = make([]trade, 0, window) // the consumer may keep a window
				}
			}
			return sum + turnover(items)
		},
		debounce: loopDebounce,
		keyed: func(all []trade) (total int64) {
			sums := map[int64]int64{}
			for _, t := range all {
				sums[t.Key] = add(sums[t.Key], t)
			}
			for k, sum := range sums {
				total = mix(total, k, sum)
			}
			return total
		},
		merge: func(all []trade) (sum int64) {
			merged := make(chan trade, 256)
			var running sync.WaitGroup
			for i := range streams {
				running.Go(func() {
					for _, t := range quarter(all, i) {
						merged <- t
					}
				})
			}
			go func() {
				running.Wait()
				close(merged)
			}()
			for t := range merged {
				sum = add(sum, t)
			}
			return sum
		},
		fanOut: func(all []trade) int64 {
			sums := make(chan int64)
			var outs [streams]chan trade
			for i := range outs {
				outs[i] = make(chan trade, 256)
				go func() {
					var sum int64
					for t := range outs[i] {
						sum = add(sum, t)
					}
					sums <- sum
				}()
			}
			for _, t := range all {
				for _, out := range outs {
					out <- t
				}
			}
			for _, out := range outs {
				close(out)
			}
			return total(sums)
		},
	}
}

// loopDebounce has the usual goroutine and timer.
func loopDebounce(all []trade) (last int64) {
	in := make(chan trade, 256)
	go func() {
		defer close(in)
		for _, t := range all {
			in <- t
		}
	}()
	var pending trade
	deliver := func() { last = pending.ID }
	timer := time.NewTimer(time.Millisecond)
	defer timer.Stop()
	for {
		select {
		case t, ok := <-in:
			if !ok {
				deliver()
				return last
			}
			pending = t
			timer.Reset(time.Millisecond)
		case <-timer.C:
			deliver()
		}
	}
}
