package pipeline

import (
	"sync"
	"time"
)

// Loop is hand-written code for each pipeline.
func Loop() Contender {
	return Contender{
		Name:  "hand-written loop",
		About: "written for the one case, without cancellation or errors",
		Windows: func(all []Trade) (sum int64) {
			items := make([]Trade, 0, window)
			for _, t := range all {
				if !wanted(t) {
					continue
				}
				if items = append(items, withFee(t)); len(items) == window {
					sum += turnover(items)
					items = make([]Trade, 0, window) // the consumer may keep a window
				}
			}
			return sum + turnover(items)
		},
		Debounce: loopDebounce,
		Keyed: func(all []Trade) (total int64) {
			sums := map[int64]int64{}
			for _, t := range all {
				sums[t.Key] = add(sums[t.Key], t)
			}
			for k, sum := range sums {
				total = mix(total, k, sum)
			}
			return total
		},
		Merge: func(all []Trade) (sum int64) {
			merged := make(chan Trade, 256)
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
		FanOut: func(all []Trade) int64 {
			sums := make(chan int64)
			var outs [streams]chan Trade
			for i := range outs {
				outs[i] = make(chan Trade, 256)
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
		Zip: func(all []Trade) (sum int64) {
			first, second := halves(all)
			as, bs := send(first), send(second)
			for a := range as {
				sum = addPair(sum, a, <-bs)
			}
			return sum
		},
		Parallel: loopParallel,
	}
}

// send returns a channel that delivers the trades.
func send(all []Trade) <-chan Trade {
	out := make(chan Trade, 256)
	go func() {
		defer close(out)
		for _, t := range all {
			out <- t
		}
	}()
	return out
}

// loopParallel uses a pool of goroutines, and a channel of results in order.
func loopParallel(all []Trade, workers int) (sum int64) {
	type task struct {
		trade  Trade
		result chan<- Trade
	}
	tasks := make(chan task, 256)
	for range workers {
		go func() {
			for t := range tasks {
				t.result <- withFee(t.trade)
			}
		}()
	}
	ordered := make(chan (<-chan Trade), 256)
	go func() {
		defer close(ordered)
		defer close(tasks)
		for _, t := range all {
			result := make(chan Trade, 1)
			tasks <- task{t, result}
			ordered <- result
		}
	}()
	for result := range ordered {
		sum = follow(sum, <-result)
	}
	return sum
}

// loopDebounce uses a goroutine and a timer.
func loopDebounce(all []Trade) (last int64) {
	in := send(all)
	var pending Trade
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
