import { useId, type ReactNode } from 'react';
import { scenarios, type ScenarioName } from '#lab/engine/scenarios.ts';
import { decimal } from './numbers.ts';
import {
  ruleDials,
  settingOf,
  tradeDials,
  withScenario,
  type DialRange,
  type Setting,
} from './setting.ts';
import type { Language, LabWords } from './words.ts';

export interface ControlsProps {
  readonly words: LabWords;
  readonly language: Language;
  readonly setting: Setting;
  readonly onSetting: (setting: Setting) => void;
}

/** The left column: a scenario to begin with, then every dial. */
export function Controls(props: ControlsProps): ReactNode {
  const { words, setting, onSetting } = props;
  return (
    <form className="controls card" onSubmit={(event) => event.preventDefault()}>
      <ScenarioPicker {...props} />
      <fieldset>
        <legend>{words.tradePart}</legend>
        {tradeDials.map((range) => (
          <Slider key={range.name} range={range} {...props} />
        ))}
      </fieldset>
      <fieldset>
        <legend>{words.rulesPart}</legend>
        <Choice
          label={words.gate}
          options={words.gates}
          chosen={setting.gate}
          onChoose={(gate) => onSetting({ ...setting, gate })}
        />
        {ruleDials.map((range) => (
          <Slider key={range.name} range={range} {...props} />
        ))}
        {setting.gate !== 'off' && (
          <Choice
            label={words.sides}
            options={words.side}
            chosen={setting.literalSides}
            onChoose={(literalSides) => onSetting({ ...setting, literalSides })}
          />
        )}
      </fieldset>
      <button
        type="button"
        className="button"
        onClick={() => onSetting(settingOf(setting.scenario))}
      >
        {words.reset}
      </button>
    </form>
  );
}

function ScenarioPicker({ words, language, setting, onSetting }: ControlsProps): ReactNode {
  const id = useId();
  return (
    <div className="picker">
      <label htmlFor={id}>{words.scenario}</label>
      <select
        id={id}
        value={setting.scenario}
        onChange={(event) => onSetting(withScenario(setting, event.target.value as ScenarioName))}
      >
        {scenarios.map((scenario) => (
          <option key={scenario.name} value={scenario.name}>
            {scenario[language]}
          </option>
        ))}
      </select>
    </div>
  );
}

function Slider({
  range,
  words,
  setting,
  onSetting,
}: ControlsProps & { range: DialRange }): ReactNode {
  const id = useId();
  const { name, min, max, step, unit } = range;
  const value = setting[name];
  const text =
    unit === '%' ? `${decimal(value, step < 1 ? 1 : 0)}%` : `${value}${words.monthsUnit}`;
  const filled = ((value - min) / (max - min)) * 100;
  return (
    <div className="slider">
      <label htmlFor={id}>{words.dials[name]}</label>
      <output htmlFor={id}>{text}</output>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={text}
        style={{ '--filled': `${filled}%` } as React.CSSProperties}
        onChange={(event) => onSetting({ ...setting, [name]: Number(event.target.value) })}
      />
    </div>
  );
}

interface ChoiceProps<Name extends string> {
  readonly label: string;
  readonly options: Readonly<Record<Name, string>>;
  readonly chosen: Name;
  readonly onChoose: (name: Name) => void;
}

function Choice<Name extends string>(props: ChoiceProps<Name>): ReactNode {
  const { label, options, chosen, onChoose } = props;
  const group = useId();
  return (
    <div className="choice" role="radiogroup" aria-label={label}>
      <span className="choice-label">{label}</span>
      <div className="choice-row">
        {(Object.keys(options) as Name[]).map((name) => (
          <label key={name} className={name === chosen ? 'option option-on' : 'option'}>
            <input
              type="radio"
              name={group}
              className="only-read"
              checked={name === chosen}
              onChange={() => onChoose(name)}
            />
            {options[name]}
          </label>
        ))}
      </div>
    </div>
  );
}
