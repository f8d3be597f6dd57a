// What the GPL asks of whoever passes the FFmpeg sidecar on: which build it is, where its sources
// are, and the offer to hand them out. Reads words of `ffmpeg -version`; runs and writes nothing.

/**
 * Who makes the builds that the pinned wheel carries, one for each platform. A build is known by
 * `mark`, in its version or its configure line; `sources` names where what it was made from is.
 */
const MAKERS = [
  {
    mark: /--prefix=\/ffbuild\/prefix/,
    name: 'BtbN/FFmpeg-Builds',
    page: 'https://github.com/BtbN/FFmpeg-Builds',
    sources: ({ day }) =>
      `The build scripts, which name the exact source of each library that is linked in (scripts.d/),
are at the tag autobuild-${day}-* of https://github.com/BtbN/FFmpeg-Builds`,
  },
  {
    mark: /-www\.gyan\.dev/,
    name: 'gyan.dev',
    page: 'https://www.gyan.dev/ffmpeg/builds/',
    sources: ({ release }) =>
      `The build's README, which lists each library with its version and source, is part of the
archive of version ${release} at https://github.com/GyanD/codexffmpeg/releases`,
  },
  {
    mark: /-tessus\b/,
    name: 'evermeet.cx',
    page: 'https://evermeet.cx/ffmpeg/',
    sources: ({ release }) =>
      `The versions of the libraries that are linked in, and their sources, are on the maker's page
under version ${release}: https://evermeet.cx/ffmpeg/`,
  },
  {
    mark: /--prefix=\/Volumes\/tempdisk\/sw/,
    name: 'OSXExperts.NET',
    page: 'https://www.osxexperts.net/',
    sources: () =>
      `The maker's description of the build, with the libraries that are linked in and their sources,
is at https://www.osxexperts.net/`,
  },
];

/** The version and the configure line in the output of `ffmpeg -version`, or null. */
export function describedBuild(output) {
  const version = /^ffmpeg version (\S+)/m.exec(output)?.[1];
  const configuration = /^\s*configuration: (.+)$/m.exec(output)?.[1].trim();
  return version && configuration ? { version, configuration } : null;
}

/** The maker of a build, or null when it is none of those that we pass on. */
export function makerOf({ version, configuration }) {
  return MAKERS.find(({ mark }) => mark.test(version) || mark.test(configuration)) ?? null;
}

/** What has to be checked out of FFmpeg's repository: a commit, else the tag of a release. */
export function ffmpegRevision(version) {
  const commit = /-g([0-9a-f]{7,40})(?:-|$)/.exec(version)?.[1];
  const release = /^n?(\d+(?:\.\d+)*)/.exec(version)?.[1];
  return { commit: commit ?? null, release: release ?? version };
}

/** The day in a build's version, as 2026-09-30. */
function dayOf(version) {
  const digits = /-(\d{4})(\d{2})(\d{2})$/.exec(version);
  return digits ? digits.slice(1).join('-') : '';
}

/**
 * The text that goes with the sidecar. `asked` is who answers a request for the sources: whoever
 * publishes the package.
 */
export function sourceOffer(build, maker, asked) {
  const { commit, release } = ffmpegRevision(build.version);
  const revision = commit ? `commit ${commit}` : `tag n${release}`;
  const more = maker.sources({ day: dayOf(build.version), release });
  return `Fanlight comes with a program of other people: FFmpeg, as the file fanlight-ffmpeg. Fanlight starts
it as a process of its own; it is no part of Fanlight and under another licence: the GNU General
Public License, whose full text lies beside this file (GPL-3.0.txt). FFmpeg is
copyright (c) 2000-2026 the FFmpeg developers, and comes WITHOUT ANY WARRANTY.

Which build it is
-----------------
version:        ${build.version}
made by:        ${maker.name}, ${maker.page}
taken from:     the Python package imageio-ffmpeg, https://pypi.org/project/imageio-ffmpeg/, unchanged
configured as:
${build.configuration
  .split(/ (?=--)/)
  .map((option) => `  ${option}`)
  .join('\n')}

Where its sources are
---------------------
FFmpeg: https://git.ffmpeg.org/ffmpeg.git, ${revision}
(also https://github.com/FFmpeg/FFmpeg; releases as archives: https://ffmpeg.org/releases/)
${more}
They cost nothing and anybody may take them.

Written offer
-------------
For at least three years after you got this copy, and as long as this version of Fanlight is
supported, whoever gave it to you will send the complete corresponding source code of this build
(FFmpeg, the libraries linked into it, and the scripts that made it) on a customary medium to
anybody who asks, for no more than what sending it costs. Ask: ${asked}
Say which version: it is the one above.

Another FFmpeg
--------------
Nothing ties Fanlight to this build. FANLIGHT_FFMPEG names another, version 6 or newer.
`;
}
