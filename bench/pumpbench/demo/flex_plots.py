# SPDX-License-Identifier: MIT
"""The plots of the flex day: its rates and its steps, a mark at each bolus, refusal and abort."""

from pumpbench.demo.flexday import ABORTED, GIVEN, REFUSED, Event, FlexDay
from pumpbench.demo.plots import day_axis
from pumpbench.reports.drawing import BAD, BAND, GOOD, INK, TARGET, as_svg, new_figure

MOST_GROUPS = 400
TALL_IN = (4.1, 3.3)  # room for the labels of the marks
# outcome -> colour, line, side of the label: two marks may be 20 minutes apart
_MARKS = {
    GIVEN: (INK, "-", "right"),
    REFUSED: (BAD, ":", "left"),
    ABORTED: (BAD, "--", "left"),
}


def rates(flex: FlexDay) -> str:
    """The delivered rate, filled, and the programmed rate, dashed over it."""
    figure, axes = new_figure(TALL_IN)
    _marks(axes, flex.events)
    hours, values = zip(*flex.delivered, strict=True)
    axes.fill_between(hours, values, step="post", color=GOOD, alpha=0.35, linewidth=0)
    axes.plot(hours, values, color=GOOD, linewidth=1.3, drawstyle="steps-post", label="delivered")
    hours, values = zip(*flex.programmed, strict=True)
    style = {"color": TARGET, "linestyle": "--", "linewidth": 1.3, "drawstyle": "steps-post"}
    axes.plot(hours, values, label="programmed", **style)
    day_axis(axes, flex.hours)
    axes.set_ylim(0, max(*values, 1) * 1.08)
    axes.set_ylabel("µg an hour")
    figure.legend(loc="outside lower center", ncols=2)
    return as_svg(figure, f"rates of the {flex.title} on {flex.target}")


def lateness(flex: FlexDay) -> str:
    """The lateness of the steps, and its limit, which is wider at slow rates."""
    figure, axes = new_figure(TALL_IN)
    _marks(axes, flex.events)
    if flex.late:
        every = -(-len(flex.late) // MOST_GROUPS)
        groups = [flex.late[n : n + every] for n in range(0, len(flex.late), every)]
        hours = [group[0].hour for group in groups]
        limits = [min(step.limit_us for step in group) for group in groups]
        lows = [min(step.late_us for step in group) for group in groups]
        highs = [max(step.late_us for step in group) for group in groups]
        axes.fill_between(
            hours, [-us for us in limits], limits, step="post", color=BAND, linewidth=0
        )
        axes.vlines(hours, lows, highs, color=GOOD, linewidth=0.8)
        axes.scatter(hours, highs, s=2, color=GOOD, linewidths=0)
        axes.scatter(hours, lows, s=2, color=GOOD, linewidths=0)
        reach_us = max(*limits, *highs, *(-low for low in lows)) * 1.1
        axes.set_ylim(-reach_us, reach_us)
    day_axis(axes, flex.hours)
    axes.set_ylabel("µs late")
    return as_svg(figure, f"lateness of the {flex.title} on {flex.target}")


def label(event: Event) -> str:
    """The label of an event's mark: `30 µg given`, `refused`."""
    return f"{event.dose_ug} µg {event.outcome}" if event.dose_ug else event.outcome


def _marks(axes, events: list[Event]) -> None:
    """A vertical line at each event, its label above the plot."""
    for n, event in enumerate(events, 1):
        colour, line, side = _MARKS[event.outcome]
        mark = axes.axvline(event.hour, color=colour, linestyle=line, linewidth=0.9)
        mark.set_gid(f"mark-{n}-{event.outcome}")
        axes.text(
            event.hour,
            1.02,
            label(event),
            transform=axes.get_xaxis_transform(),
            rotation=90,
            va="bottom",
            ha=side,
            fontsize=8,
            color=colour,
        )
